// Keyboard shortcuts. An element names its own in data-keys ("g a"); the help dialog lists all of them.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const ROW = "main tbody tr[id], main .board li[id], main .queue li[id]";
  const PRESSED = "[type=checkbox], [type=radio], [type=button], [type=submit], [type=reset]"; // take no text
  const typing = (target) =>
    target.closest("textarea, select, [contenteditable], dialog") ||
    (target.matches("input") && !target.matches(PRESSED));

  // --- rows: the one with the focus, or the last one that had it
  let last = one(".queue [aria-current=page]")?.closest("li").id ?? "";
  const rowOf = (element) => element?.closest?.(ROW);
  const row = () => rowOf(document.activeElement) ?? document.getElementById(last)?.closest(ROW);

  function focusRow(next) {
    all("[popover]:popover-open").forEach((menu) => menu.hidePopover());
    (one("a.rowlink", next) ?? one("a, button, input", next))?.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function moveRow(step) {
    const rows = all(ROW);
    const at = rows.indexOf(row());
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next) focusRow(next);
    return Boolean(next);
  }

  function click(element) {
    element?.click();
    return Boolean(element);
  }

  function focus(field) {
    field?.focus();
    field?.select?.();
    return Boolean(field);
  }

  // Links and buttons keep their own Enter; a tick box of a row has none.
  const opens = (at) => row() && (at === document.body || (rowOf(at) && at.matches(".cb")));
  const edit = () => row() && (one("[data-edit]", row()) ?? one(".edit", row()));
  const SINGLE = {
    "/": () => focus(one("[data-search]")),
    "?": () => one("#shortcuts")?.showModal() ?? true,
    n: () => click(one("[data-new]")),
    f: () => click(one("[data-add-filter]")),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => click(row() && one(".cb", row())),
    e: () => click(edit() || one('[data-keys="e e"]')),
    Enter: () => opens(document.activeElement) && click(one("a.rowlink", row())),
  };

  let typed = "";
  let forget = 0;
  const enabled = () => {
    try {
      return localStorage.getItem("shortcuts") !== "off";
    } catch {
      return true;
    }
  };

  function named() {
    const keys = typed === "c c" ? one("[data-new]") : null; // on a list, its own form; elsewhere the page's
    return keys ?? all("[data-keys]").find((element) => element.dataset.keys === typed);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (typing(event.target)) return;
    if (!enabled()) return;
    clearTimeout(forget);
    forget = setTimeout(() => (typed = ""), 900);
    typed = (typed + " " + event.key).trim().split(" ").slice(-2).join(" ");
    const element = named();
    const begun = /^[gc] ./.test(typed); // the second key of two
    if (element) typed = "";
    if (click(element) || (!begun && SINGLE[event.key]?.())) event.preventDefault();
  });

  // Ctrl and Enter send what was written.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.target.closest?.("form[data-ctrl-enter]")?.requestSubmit();
  });

  // Escape leaves a cell's form, and the focus stays in its row.
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Escape" && event.target.closest(".cell-edit");
    if (form) one("a", form).click();
  });
  document.addEventListener("focusin", (event) => {
    last = rowOf(event.target)?.id ?? last;
  });
  document.addEventListener("htmx:after:swap", () => {
    const back = document.getElementById(last);
    if (document.activeElement === document.body && back && rowOf(back)) one("a.rowlink", back)?.focus();
  });

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-shortcuts]")) return;
    try {
      localStorage.setItem("shortcuts", event.target.checked ? "on" : "off");
    } catch {}
  });
  const choice = one("[data-shortcuts]");
  if (choice) choice.checked = enabled();
})();

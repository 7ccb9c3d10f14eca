// Lists: rows that are selected, and the focus after a filter was chosen.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const boxes = () => all("#list tbody .cb");

  // --- selected rows
  function count() {
    const chosen = boxes().filter((box) => box.checked).length;
    boxes().forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    const head = one("[data-all]");
    if (head) {
      head.checked = chosen > 0 && chosen === boxes().length;
      head.indeterminate = chosen > 0 && chosen < boxes().length;
    }
    const matching = one("[data-matching]");
    const total = matching?.checked ? +matching.value : chosen;
    const text = one("[data-count]");
    if (text) text.textContent = total.toLocaleString("en") + " selected";
    return total;
  }

  let from = null; // the row of the last click, for a range with Shift
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("#list tbody .cb");
    if (!box) return;
    const list = boxes();
    const [low, high] = [list.indexOf(from), list.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && low >= 0) list.slice(low, high + 1).forEach((each) => (each.checked = box.checked));
    from = box;
  });

  document.addEventListener("change", (event) => {
    const field = event.target;
    const matching = one("[data-matching]");
    if ("all" in field.dataset || field === matching) {
      boxes().forEach((box) => (box.checked = field.checked));
      if (matching && !field.checked) matching.checked = false;
    } else if (!field.matches("#list tbody .cb")) return;
    else if (matching && !field.checked) matching.checked = false;
    announce(count().toLocaleString("en") + " selected");
  });
  document.addEventListener("reset", (event) => {
    if (event.target.id === "bulk") setTimeout(count);
  });

  // --- filters: the focus goes from a choice to its chip, which the server sent anew
  let filter = "";
  document.addEventListener("click", (event) => {
    const removed = event.target.closest(".chip .drop");
    filter = removed ? "-" : (event.target.closest("[data-filter] a")?.closest("[data-filter]").dataset.filter ?? filter);
  });
  document.addEventListener("submit", (event) => {
    filter = event.target.closest("[data-filter]")?.dataset.filter ?? filter;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (one("#list")) count();
    if (!filter) return;
    document.querySelectorAll(".chips .menu:popover-open").forEach((menu) => menu.hidePopover());
    if (document.activeElement !== document.body && !document.activeElement.closest(".chips")) return (filter = "");
    (one("#chip-" + CSS.escape(filter)) ?? one("#add-filter") ?? one("[data-search]"))?.focus();
    filter = "";
    announce(one(".count-of")?.textContent ?? "");
  });
  if (one("#list")) count();
})();

// The command palette: Ctrl or Cmd + K, arrows, Enter. The list comes from the server.
(() => {
  const dialog = document.querySelector("#palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  let waiting = false;
  let opensFirst = false;
  const options = () => [...list.querySelectorAll("[role=option]")];

  function select(option) {
    options().forEach((each) => each.setAttribute("aria-selected", String(each === option)));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  // The records that this person opened last in this world: their ids, newest first, in this browser alone.
  const { recent, record } = document.body.dataset;
  function opened() {
    try {
      return JSON.parse(localStorage.getItem(recent)) || [];
    } catch {
      return [];
    }
  }
  if (record) {
    const known = [record, ...opened().filter((one) => one !== record)].slice(0, 20);
    try {
      localStorage.setItem(recent, JSON.stringify(known));
    } catch {
      // A browser that stores nothing has no recent records.
    }
  }

  function open() {
    if (dialog.open) return;
    dialog.querySelector("#palette-recent").value = opened().filter((one) => one !== record).join();
    dialog.showModal();
    list.replaceChildren();
    waiting = opensFirst = false;
    input.value = "";
    input.dispatchEvent(new Event("opened"));
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) {
      event.preventDefault();
      open();
    }
    if (event.target === dialog || event.target.closest("#palette-list button[type=button]")) dialog.close();
  });
  // htmx begins after the page has loaded: what was opened or typed before then is asked for now.
  input.addEventListener("htmx:after:init", () => {
    if (dialog.open) input.dispatchEvent(new Event("opened"));
  });
  input.addEventListener("input", () => (waiting = true));
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      select(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && (waiting || all[at])) {
      event.preventDefault();
      // Words whose results are still under way open the first of those, not what is shown for the words before.
      if (waiting) opensFirst = true;
      else all[at].click();
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.sourceElement !== input) return;
    select(options()[0]);
    if (opensFirst) options()[0]?.click();
    waiting = opensFirst = false;
  });
})();

// The frame of every page: theme, drawer, menus, and what the content policy makes us set through
// the CSSOM instead of style attributes.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function paint(root) {
    all("[data-w]", root).forEach((meter) => meter.style.setProperty("--w", meter.dataset.w + "%"));
    // On narrow screens the open tab may be beyond the edge.
    const tab = one(".tabs [aria-current]", root);
    if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;
  }

  const live = document.createElement("div");
  live.className = "vh";
  live.setAttribute("aria-live", "polite");
  document.body.append(live);
  window.announce = (message) => (live.textContent = message);

  // --- theme
  function toggleTheme() {
    const root = document.documentElement;
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    try {
      localStorage.setItem("theme", next);
    } catch {}
    document.dispatchEvent(new Event("themechange"));
    announce(next === "dark" ? "Dark colours" : "Light colours");
  }

  // --- the drawer of narrow screens
  function drawer(open) {
    const side = one("#side");
    if (!side) return;
    side.classList.toggle("open", open);
    document.body.classList.toggle("drawer-open", open);
    one("[data-burger]").setAttribute("aria-expanded", String(open));
    if (open) one("a, button", side).focus();
    else one("[data-burger]").focus();
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggleTheme();
    if (event.target.closest("[data-burger]")) drawer(!one("#side").classList.contains("open"));
    else if (event.target.closest("[data-scrim]")) drawer(false);
  });

  // --- menus: a popover opens below the button that names it, inside the window
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!menu.matches?.(".menu[popover]")) return;
      const button = one(`[popovertarget="${CSS.escape(menu.id)}"]`);
      button?.setAttribute("aria-expanded", String(event.newState === "open"));
      if (event.newState !== "open" || !button) return;
      const box = button.getBoundingClientRect();
      const below = box.bottom + 6 + menu.offsetHeight <= innerHeight;
      const left = menu.dataset.align === "start" ? box.left : box.right - menu.offsetWidth;
      menu.style.setProperty("left", Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8)) + "px");
      menu.style.setProperty("top", Math.max(8, below ? box.bottom + 6 : box.top - 6 - menu.offsetHeight) + "px");
      one("summary, a, button, input:not([type=hidden])", menu)?.focus({ preventScroll: true });
    },
    true,
  );
  addEventListener("scroll", () => all(".menu[popover]:popover-open").forEach((menu) => menu.hidePopover()), {
    passive: true,
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && one("#side.open")) drawer(false);
  });

  // --- switches that save themselves
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  paint(document);
  document.addEventListener("htmx:after:swap", () => paint(document));
})();

// Toasts: eight seconds, after an action on many rows a minute, longer while the pointer or the focus is on them,
// with an undo that posts.
(() => {
  const SHOWN = 8000;
  const SHOWN_AFTER_A_RUN = 60_000; // an action on many rows takes longer than people look

  function host() {
    let box = document.querySelector("#toasts");
    if (!box) {
      box = document.createElement("div");
      box.id = "toasts";
      box.setAttribute("role", "status");
      document.body.append(box);
    }
    return box;
  }

  function undoForm(action) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    form.setAttribute("hx-post", action);
    form.setAttribute("hx-swap", "none");
    const token = document.createElement("input");
    token.type = "hidden";
    token.name = "csrf_token";
    token.value = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    const button = document.createElement("button");
    button.textContent = "Undo";
    form.append(token, button);
    return form;
  }

  function show({ message, undo, kind }) {
    const toast = document.createElement("div");
    toast.className = "toast-x " + (kind || "ok");
    const text = document.createElement("span");
    text.textContent = message;
    toast.append(text);
    if (undo) toast.append(undoForm(undo));
    const close = document.createElement("button");
    close.type = "button";
    close.className = "toast-close";
    close.setAttribute("aria-label", "Dismiss");
    close.textContent = "×";
    close.addEventListener("click", () => toast.remove());
    toast.append(close);
    host().append(toast);
    if (undo) htmx.process(toast);
    let timer = setTimeout(() => toast.remove(), undo?.includes("requests=") ? SHOWN_AFTER_A_RUN : SHOWN);
    const hold = () => clearTimeout(timer);
    const go = () => (timer = setTimeout(() => toast.remove(), SHOWN / 2));
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("pointerleave", go);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("focusout", go);
  }

  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("htmx:response:error", (event) => {
    const { response } = event.detail.ctx;
    if (response.status < 500) return;
    const id = response.headers.get("X-Request-Id");
    show({ kind: "bad", message: "An unexpected error occurred." + (id ? ` Request ${id}.` : "") });
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error?.name === "TypeError") show({ kind: "bad", message: "The server cannot be reached." });
  });
  document.querySelectorAll("[data-flash]").forEach((note) => {
    show({ message: note.textContent, kind: note.dataset.flash, undo: note.dataset.undo });
    note.remove();
  });
})();

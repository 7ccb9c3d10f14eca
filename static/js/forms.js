// What forms do beyond HTML: dialogs, copying, lists of addresses, lines.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- dialogs that the server sent into the page
  function openSent() {
    all("dialog[data-modal]:not([open])").forEach((dialog) => {
      dialog.showModal();
      dialog.addEventListener("close", () => dialog.remove(), { once: true });
      // A secret that is shown once must not be closed by Escape.
      dialog.addEventListener("cancel", (event) => {
        if ("locked" in dialog.dataset || one("[data-needs-tick]:disabled", dialog)) event.preventDefault();
      });
    });
  }

  // --- copying
  async function copy(button) {
    const source = one("#" + button.dataset.copy);
    const label = one("span", button) ?? button;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      label.textContent = "Copied";
      announce("Copied");
    } catch {
      // Without HTTPS there is no clipboard: select the text, so that Ctrl+C does it.
      getSelection().selectAllChildren(source);
      label.textContent = "Press Ctrl+C";
    }
  }

  // --- rows of a form: budget lines
  function addLine(button) {
    const host = one("#" + button.dataset.addLine);
    const number = 1 + Math.max(-1, ...all("[data-line]", host).map((line) => +line.dataset.line));
    const fresh = one("template", host.parentElement).innerHTML.replaceAll("__n__", number).replaceAll("__human__", number + 1);
    host.insertAdjacentHTML("beforeend", fresh);
    htmx.process(host.lastElementChild);
    one(`[data-line="${number}"] select, [data-line="${number}"] input`, host)?.focus();
    announce("Line added");
  }

  function removeLine(button) {
    const line = button.closest("[data-line]");
    const form = line.closest("form");
    const next = line.nextElementSibling ?? line.previousElementSibling;
    line.remove();
    one("input, select", next ?? form)?.focus();
    askSum(form);
    announce("Line removed");
  }

  // The sum, or what the customer pays, that the server computes of the form as it stands.
  function askSum(form) {
    all("#sum, [data-preview]", form ?? document).forEach((part) => part.dispatchEvent(new CustomEvent("changed")));
  }

  // A product that was chosen fills its line, and the currency where no other line has a price.
  function fill(field) {
    const option = all("#products option").find((each) => each.value === field.value);
    if (!option) return;
    const line = field.closest("[data-line]");
    const part = (name) => one(`[name$=".${name}"]`, line);
    if (!part("description")) return; // lines of orders leave what is the product's to it
    part("description").value = option.dataset.description;
    part("unit_price").value = option.dataset.price;
    part("tax").value = option.dataset.tax;
    const others = all("[data-line]", field.form).filter((each) => each !== line);
    const currency = one("[name=currency]", field.form);
    if (!others.some((each) => one('[name$=".unit_price"]', each).value)) currency.value = option.dataset.currency;
  }

  // --- the list of addresses of a key
  function addAddress(link) {
    const box = one("#" + link.dataset.addAddress);
    const lines = box.value.split(/\s+/).filter(Boolean);
    if (!lines.includes(link.dataset.value)) box.value = [...lines, link.dataset.value].join("\n");
    announce("Address added");
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a, [data-close]");
    if (!button) return;
    const { dataset } = button;
    if ("close" in dataset) {
      const dialog = button.closest("dialog");
      if (dialog) {
        event.preventDefault();
        dialog.close();
        if (dataset.close === "reload") location.assign(location.pathname + location.search);
      }
    }
    if (dataset.open) {
      event.preventDefault();
      one("#" + dataset.open).showModal();
    }
    if (dataset.copy) copy(button);
    if (dataset.addLine) {
      event.preventDefault();
      addLine(button);
    }
    if ("removeLine" in dataset) {
      event.preventDefault();
      removeLine(button);
    }
    if (dataset.addAddress) {
      event.preventDefault();
      addAddress(button);
    }
  });

  // A switch says "0" when it is off, through the hidden field that it names; first, so that forms see it.
  document.addEventListener(
    "change",
    (event) => {
      const { flag } = event.target.dataset;
      if (flag) one("#" + flag).value = event.target.checked ? "1" : "0";
    },
    true,
  );

  document.addEventListener("change", (event) => {
    const field = event.target;
    if ("tick" in field.dataset)
      one("[data-needs-tick]", field.closest("dialog, form, section")).disabled = !field.checked;
    if (field.name === "currency") askSum(field.form);
    if (field.name === "expires") one("[data-custom-expiry]")?.toggleAttribute("hidden", field.value !== "custom");
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.mustSay)
      one("[data-needs-words]", field.form).disabled = field.value.trim() !== field.dataset.mustSay;
    if ("product" in field.dataset) fill(field);
    if (field.dataset.adds) addChosen(field);
    if (field.form) askSum(field.form);
  });

  // A row that was chosen from suggestions becomes a line of the field that lists several.
  function addChosen(field) {
    if (!all("option", field.list).some((option) => option.value === field.value)) return;
    const area = one("#" + field.dataset.adds);
    area.value = [area.value.trim(), field.value].filter(Boolean).join("\n");
    announce(field.value + " added");
    field.value = "";
  }

  // A second click on a button must not make a second budget.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // The first field that is wrong, else the first one of the form, of a new row the first that is empty. On a phone
  // that would only open the keyboard.
  function focusField() {
    const root = one("dialog[open]") ?? one("form.form");
    const seen = (field) => field.checkVisibility() && !field.disabled && !field.readOnly;
    const wrong = root && all("[aria-invalid=true]", root).find(seen);
    if (wrong) wrong.focus();
    else if (root?.matches("form") && document.activeElement === document.body && !matchMedia("(pointer: coarse)").matches) {
      const fields = all("input.inp, select.inp, textarea.inp", root).filter(seen);
      const isNew = !one("[name=version]", root); // there the merchant, say, may have been chosen before
      ((isNew && fields.find((field) => !field.value)) || fields[0])?.focus({ preventScroll: true });
    }
  }

  function ready() {
    openSent();
    all("[data-must-say]").forEach((field) => {
      one("[data-needs-words]", field.form).disabled = field.value.trim() !== field.dataset.mustSay;
    });
  }
  ready();
  focusField();
  document.addEventListener("htmx:after:swap", (event) => {
    const before = one("dialog[open]");
    ready();
    if (one("dialog[open]") !== before || event.detail.ctx.target?.id === "dialog-host") focusField();
  });
})();

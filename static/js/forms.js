// What forms and tables do beyond HTML: dialogs, copying, lists of addresses, lines, selections.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- dialogs that the server sent into the page
  function openSent() {
    all("dialog[data-modal]:not([open])").forEach((dialog) => {
      dialog.showModal();
      dialog.addEventListener("close", () => dialog.remove(), { once: true });
      // A secret that is shown once must not vanish with a stray Escape.
      dialog.addEventListener("cancel", (event) => {
        if (one("[data-needs-tick]:disabled", dialog)) event.preventDefault();
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
    one(`[data-line="${number}"] select, [data-line="${number}"] input`, host)?.focus();
    announce("Line added");
  }

  function removeLine(button) {
    const line = button.closest("[data-line]");
    const form = line.closest("form");
    const next = line.nextElementSibling ?? line.previousElementSibling;
    line.remove();
    one("input, select", next ?? form)?.focus();
    total(form);
    announce("Line removed");
  }

  // A running total while typing: whole millionths, and each line rounded half up once, as the server does it.
  const MILLION = 1000000n;

  // A typed number in millionths; null when it is none.
  function micro(text) {
    const found = /^(\d{1,15})?(?:\.(\d{0,6})0*)?$/.exec(text.trim());
    return found && BigInt((found[1] ?? "0") + (found[2] ?? "").padEnd(6, "0"));
  }

  // What a line costs in minor units; null when the page cannot know it. `taxed` says that the server adds a tax.
  function cost(line, unit) {
    const typed = (name) => one(`[name$=".${name}"]`, line)?.value ?? "";
    const product = typed("product_id").trim();
    const known = product ? all("#products option").find((option) => option.value === product) : null;
    const price = typed("unit_price") || !product ? micro(typed("unit_price")) : known ? micro(known.dataset.price) : null;
    const parts = [micro(typed("quantity")), price, micro(typed("discount")), micro(typed("tax"))];
    const taxed = Boolean(product) && !typed("tax") && (!known || "taxed" in known.dataset);
    if (parts.includes(null)) return { taxed, minor: null };
    const [quantity, each, discount, tax] = parts;
    const minor = (value) => (value * unit + MILLION / 2n) / MILLION;
    return { taxed, minor: minor((quantity * each) / MILLION) - minor(discount) + minor(tax) };
  }

  function total(form) {
    const shown = one("[data-total]", form);
    if (!shown) return;
    const currency = one("[name=currency]", form)?.value || shown.dataset.currency;
    const digits = JSON.parse(shown.dataset.exponents)[currency] ?? 2;
    const unit = 10n ** BigInt(digits);
    const whole = (name) => ((micro(one(`[name=${name}]`, form).value) ?? 0n) * unit) / MILLION;
    const costs = all("[data-line]", form).map((line) => cost(line, unit));
    const sum = costs.reduce((sum, { minor }) => sum + (minor ?? 0n), whole("tax") - whole("discount"));
    const [size, sign] = sum < 0n ? [-sum, "−"] : [sum, ""];
    const decimals = digits ? "." + String(size % unit).padStart(digits, "0") : "";
    shown.textContent = sign + (size / unit).toLocaleString("en") + decimals;
    const unknown = costs.flatMap(({ minor }, place) => (minor === null ? [place + 1] : []));
    const left = unknown.length ? [`line ${unknown.join(", ")}`] : [];
    if (costs.some(({ taxed }) => taxed)) left.push("the catalogue’s taxes");
    one("[data-left-out]", form).textContent = left.length ? `without ${left.join(" and ")}` : "";
  }

  // --- the list of addresses of a key
  function addAddress(link) {
    const box = one("#" + link.dataset.addAddress);
    const lines = box.value.split(/\s+/).filter(Boolean);
    if (!lines.includes(link.dataset.value)) box.value = [...lines, link.dataset.value].join("\n");
    announce("Address added");
  }

  // --- selected rows
  function selection(table) {
    const boxes = all("tbody .cb", table);
    const chosen = boxes.filter((box) => box.checked);
    boxes.forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    const head = one("[data-all]", table);
    if (head) {
      head.checked = boxes.length > 0 && chosen.length === boxes.length;
      head.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    }
    const bar = one(".bulk");
    if (!bar) return;
    bar.hidden = chosen.length === 0;
    one("[data-count]", bar).textContent = chosen.length + " selected";
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
    if ("clearSelection" in dataset) {
      all("tbody .cb").forEach((box) => (box.checked = false));
      selection(document);
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
    if ("all" in field.dataset) {
      all("tbody .cb", field.closest("table")).forEach((box) => (box.checked = field.checked));
      selection(field.closest("table"));
    } else if (field.matches("tbody .cb")) selection(field.closest("table"));
    if ("tick" in field.dataset)
      one("[data-needs-tick]", field.closest("dialog, form, section")).disabled = !field.checked;
    if (field.name === "currency" && one("[data-total]", field.form ?? undefined)) total(field.form);
    if (field.name === "expires") one("[data-custom-expiry]")?.toggleAttribute("hidden", field.value !== "custom");
  });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.mustSay)
      one("[data-needs-words]", field.form).disabled = field.value.trim() !== field.dataset.mustSay;
    if (field.closest("[data-line], [data-totals]")) total(field.closest("form"));
  });

  // A second click on a button must not make a second budget.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  function ready() {
    openSent();
    all("form:has([data-total])").forEach(total);
    all("[data-must-say]").forEach((field) => {
      one("[data-needs-words]", field.form).disabled = field.value.trim() !== field.dataset.mustSay;
    });
    all("table:has([data-all])").forEach(selection);
  }
  ready();
  document.addEventListener("htmx:after:swap", ready);
})();

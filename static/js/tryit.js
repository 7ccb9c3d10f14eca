// Try it: calls this installation from the reference. The credential is the value of one field, read
// when a call is sent: it is stored nowhere, and gone with the page.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const SHOWN = ["x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "retry-after", "etag", "idempotency-replayed"];

  all("[data-try-box]").forEach((box) => (box.hidden = false));

  function address(form) {
    let path = form.dataset.path;
    const query = new URLSearchParams();
    all("input[data-place]", form).forEach(({ dataset, name, value }) => {
      if (dataset.place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value.trim()));
      else if (dataset.place === "query" && value !== "") query.append(name, value);
    });
    return query.size ? `${path}?${query}` : path;
  }

  function headers(form) {
    const found = { "X-Countinghouse-Source": "try-it" };
    const credential = document.querySelector("#credential")?.value.trim();
    if (form.dataset.header && credential) found[form.dataset.header] = form.dataset.scheme + credential;
    if (all("[data-place=body]", form).length) found["Content-Type"] = "application/json";
    all("input[data-place=header]", form).forEach(({ name, value }) => {
      if (value) found[name] = value;
    });
    return found;
  }

  function part(tag, text, look = "") {
    const element = document.createElement(tag);
    element.className = look;
    element.textContent = text;
    return element;
  }

  function pretty(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  async function send(form) {
    const place = document.getElementById(form.dataset.answer);
    place.replaceChildren(part("p", "Sending…", "sub"));
    const began = performance.now();
    try {
      const reply = await fetch(address(form), {
        method: form.dataset.method,
        headers: headers(form),
        body: form.querySelector("[data-place=body]")?.value,
        credentials: "omit", // the API knows keys, not sessions
        redirect: "manual",
        cache: "no-store",
      });
      const text = await reply.text();
      const took = Math.round(performance.now() - began);
      const line = part("p", "");
      line.append(part("span", String(reply.status), "tg st " + (reply.ok ? "ok" : "bad")), ` ${took} ms`);
      const named = SHOWN.filter((name) => reply.headers.has(name)).map((name) => `${name}: ${reply.headers.get(name)}`);
      const body = part("pre", [...named, ...(named.length ? [""] : []), pretty(text)].join("\n"), "code");
      body.tabIndex = 0;
      body.setAttribute("role", "region");
      body.setAttribute("aria-label", "Response of this installation");
      place.replaceChildren(line, body);
    } catch {
      place.replaceChildren(part("p", "The server cannot be reached.", "e-bad"));
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-try]")) return;
    event.preventDefault();
    send(event.target);
  });
})();

// Conveniences. Every page works without this file.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));

  // Colours change at once; the choice is sent along in the background.
  for (const form of all("[data-themes]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || button.name !== "theme") return;
      event.preventDefault();
      root.dataset.theme = button.value;
      for (const other of all("button[name=theme]", form)) other.setAttribute("aria-pressed", String(other === button));
      const body = new URLSearchParams(new FormData(form));
      body.set("theme", button.value);
      fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
    });
  }

  // The menu of small screens closes with Escape.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && location.hash === "#nav") location.hash = "#main";
  });

  // A link to one credit opens it.
  const openTarget = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  // Paper has no folds.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details.credit:not([open])");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
  for (const button of all("[data-print]")) button.addEventListener("click", () => print());

  // Drop a file anywhere on the zone.
  for (const form of all("[data-upload]")) {
    const zone = form.querySelector("[data-drop]");
    const input = zone.querySelector("input[type=file]");
    const name = zone.querySelector("[data-drop-name]");
    const show = () => { name.textContent = input.files.length ? "Chosen: " + input.files[0].name : ""; };
    input.addEventListener("change", show);
    for (const type of ["dragenter", "dragover"]) {
      zone.addEventListener(type, (event) => { event.preventDefault(); zone.classList.add("over"); });
    }
    for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      show();
    });
    const source = form.querySelector("select[name=source]");
    const own = form.querySelector("input[name=source_name]");
    const toggle = () => { own.closest(".field").hidden = source.value !== "new"; own.required = source.value === "new"; };
    source.addEventListener("change", toggle);
    toggle();
    form.addEventListener("submit", () => {
      const button = form.querySelector("button.primary");
      button.textContent = "Reading…";
      button.setAttribute("aria-busy", "true");
    });
  }

  // The mapping shows at once what is missing and what is used twice.
  for (const form of all("[data-mapping]")) {
    const selects = all("select[data-target]", form);
    const owner = form.querySelector("[data-owner]");
    const check = () => {
      const used = new Map();
      for (const select of selects) if (select.value) used.set(select.value, (used.get(select.value) || 0) + 1);
      for (const select of selects) {
        const option = select.selectedOptions[0];
        const places = Number(option && option.dataset.places) || 1;
        select.closest("td").querySelector("[data-twice]").hidden = !select.value || used.get(select.value) <= places;
      }
      for (const need of all("[data-needs]", form)) {
        const codes = need.dataset.needs.split(" ");
        const met = codes.some((code) => used.has(code)) || (codes.includes("owner") && owner && owner.value.trim() !== "");
        need.classList.toggle("met", met);
        need.querySelector("[data-needs-text]").textContent = met ? ": found" : ": missing";
      }
    };
    for (const select of selects) {
      select.addEventListener("change", () => {
        const row = select.closest("[data-column]");
        const badge = row.querySelector("[data-state]");
        row.className = select.value ? "chosen" : "unused";
        badge.className = "badge " + (select.value ? "good" : "neutral");
        badge.textContent = select.value ? "Your choice" : "Not used";
        check();
      });
    }
    if (owner) owner.addEventListener("input", check);
    check();
  }

  // Passwords: which kinds of signs are there.
  for (const input of all("[data-strength]")) {
    const list = document.getElementById(input.dataset.strength);
    const kinds = { lower: /\p{Ll}/u, upper: /\p{Lu}/u, digit: /\p{Nd}/u, other: /[^\p{L}\p{Nd}]/u };
    input.addEventListener("input", () => {
      for (const item of all("[data-class]", list)) item.classList.toggle("met", kinds[item.dataset.class].test(input.value));
    });
  }

  // What is still being worked on is looked at again.
  for (const waiting of all("[data-reload]")) setTimeout(() => location.reload(), Number(waiting.dataset.reload) * 1000);

  // Copy buttons.
  for (const button of all("[data-copy]")) {
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
      const status = button.parentElement.querySelector("[data-copy-status]");
      if (status) status.textContent = "Copied";
    });
  }

  // The editor says on which line the cursor stands.
  for (const editor of all("[data-editor]")) {
    const line = editor.parentElement.querySelector("[data-editor-line]");
    const show = () => { line.textContent = String(editor.value.slice(0, editor.selectionStart).split("\n").length); };
    for (const type of ["keyup", "click", "input"]) editor.addEventListener(type, show);
    show();
  }
})();

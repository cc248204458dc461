"use strict";
// Everything is readable without this script; it sorts tables, opens what a link leads to, and opens all for printing.
(function () {
  const missing = (cell) => cell.dataset.key === "" || cell.textContent.trim() === "";

  function comparison(cells) {
    // Numbers where every cell that is not missing has one, else texts.
    const numeric = cells.every((cell) => missing(cell) || cell.dataset.key !== undefined);
    const texts = new Intl.Collator("en", { numeric: true });
    return numeric
      ? (a, b) => Number(a.dataset.key) - Number(b.dataset.key)
      : (a, b) => texts.compare(a.textContent, b.textContent);
  }

  function sort(table, column, direction) {
    const body = table.tBodies[0];
    const cell = (row) => row.cells[column];
    const rows = Array.from(body.rows);
    rows.forEach((row, place) => (row.dataset.place ??= place));
    rows.sort((a, b) => a.dataset.place - b.dataset.place);
    if (direction) {
      const compare = comparison(rows.map(cell));
      const sign = direction === "ascending" ? 1 : -1;
      rows.sort((a, b) => missing(cell(a)) - missing(cell(b)) || (missing(cell(a)) ? 0 : sign * compare(cell(a), cell(b))));
    }
    body.append(...rows);
    table.classList.toggle("sorted", Boolean(direction));
  }

  const after = { "": "ascending", ascending: "descending", descending: "" };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach((head, column) =>
      head.querySelector("button").addEventListener("click", () => {
        const direction = after[head.getAttribute("aria-sort") ?? ""];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction);
        sort(table, column, direction);
      })
    );
  }

  for (const explorer of document.querySelectorAll(".explorer")) {
    for (const box of explorer.querySelectorAll("input[type=checkbox]"))
      box.addEventListener("change", () =>
        explorer
          .querySelectorAll(`[data-family="${box.value}"]`)
          .forEach((point) => point.classList.toggle("off", !box.checked))
      );
    for (const slider of explorer.querySelectorAll("input[type=range]")) {
      const stops = JSON.parse(slider.dataset.stops);
      const drawing = slider.closest(".drawing");
      slider.addEventListener("input", () => {
        const stop = stops[slider.value];
        const now = drawing.querySelector(".now");
        now.setAttribute("cx", stop.x);
        now.setAttribute("cy", stop.y);
        drawing.querySelector("output").textContent = stop.text;
      });
    }
  }

  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let place = target; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
    target.querySelector(":scope > details")?.setAttribute("open", "");
    target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  reveal();

  const all = (where, open) => document.querySelectorAll(where).forEach((details) => (details.open = open));
  document.getElementById("open-all")?.addEventListener("click", (event) => {
    const open = event.target.textContent.startsWith("Open");
    all("#tables details", open);
    event.target.textContent = open ? "Close all tables" : "Open all tables";
  });
  window.addEventListener("beforeprint", () => all("details", true));
})();

// The page is whole without this: it adds sorting, filters and pages to tables, and the browser of
// examples. Texts are written as text, never as HTML.
(function report(DataTable) {
  "use strict";

  // The part that scrolls sideways is the table alone, not the filter above it.
  function enhance(table, options) {
    const region = table.closest(".scroll");
    const made = new DataTable(table, {
      autoWidth: false,
      order: [],
      orderMulti: true,
      columnDefs: [{ targets: "num", orderSequence: ["desc", "asc"], className: "num" }],
      ...options,
    });
    const cell = table.parentElement;
    for (const name of ["role", "aria-label", "tabindex"]) {
      cell.setAttribute(name, region.getAttribute(name));
      region.removeAttribute(name);
    }
    const pages = made.table().container().querySelector("nav");
    if (pages) pages.setAttribute("aria-label", "Pages of " + cell.getAttribute("aria-label"));
    region.classList.remove("scroll");
    cell.classList.add("scroll");
    return made;
  }

  function layout(label, pages, rows) {
    const paged = pages > 0 && rows > pages;
    return {
      paging: paged,
      pageLength: paged ? pages : -1,
      layout: {
        topStart: label ? { search: { placeholder: "", text: "Filter: _INPUT_" } } : null,
        topEnd: null,
        bottomStart: label || paged ? "info" : null,
        bottomEnd: paged ? "paging" : null,
      },
      language: { info: "_START_ to _END_ of _TOTAL_", infoFiltered: "(of _MAX_)", infoEmpty: "none" },
    };
  }

  for (const box of document.querySelectorAll(".table")) {
    const table = box.querySelector("table");
    if (table.id === "browse-table") continue;
    const label = box.dataset.filter;
    enhance(table, layout(label, Number(box.dataset.pages || 0), table.tBodies[0].rows.length));
    if (label) box.querySelector("input").setAttribute("aria-label", "Filter " + label);
  }

  // A region that has nothing to scroll is no stop for the keyboard.
  function stops() {
    for (const region of document.querySelectorAll(".scroll[role=region]")) {
      if (region.scrollWidth > region.clientWidth) region.setAttribute("tabindex", "0");
      else region.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", stops);
  document.addEventListener("toggle", stops, true);

  // On a phone the list of sections is in the way until it is asked for.
  if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;

  browse(JSON.parse(document.getElementById("browser-data").textContent));
  stops();

  function browse(data) {
    const by = (name) => document.getElementById("browse-" + name);
    const table = by("table");
    let made = null;
    let dataset = null;

    fill(by("dataset"), data.datasets.map((one) => one.name));
    fill(by("model"), ["any", ...data.runs]);
    fill(by("outcome"), ["any", "right", "wrong", "unparsed", "no answer", "models disagree", "all wrong"]);
    by("dataset").addEventListener("change", choose);
    for (const name of ["gold", "model", "predicted", "outcome"]) by(name).addEventListener("change", show);
    document.getElementById("browser").hidden = false;
    document.getElementById("browser-missing").hidden = true;
    choose();

    function fill(select, texts) {
      select.replaceChildren(...texts.map((text, index) => new Option(text, String(index))));
    }

    function shown(number) {
      return number < dataset.labels.length ? dataset.labels[number] : ["unparsed", "no answer"][number - dataset.labels.length];
    }

    // "wrong" is a label that is not the gold one; unparsed and no answer are outcomes of their own.
    function outcome(number, gold) {
      if (number === gold) return "right";
      return number < dataset.labels.length ? "wrong" : shown(number);
    }

    function choose() {
      dataset = data.datasets[Number(by("dataset").value)];
      fill(by("gold"), ["any", ...dataset.labels]);
      fill(by("predicted"), ["any", ...dataset.labels, "unparsed", "no answer"]);
      if (made) made.destroy(true);
      const fresh = document.createElement("table");
      fresh.id = "browse-table";
      const caption = fresh.createCaption();
      caption.className = "hidden";
      caption.textContent = "Examples of " + dataset.name + " with every model's label";
      const region = document.querySelector("#browser .table > div");
      region.className = "scroll";
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", "Table: examples");
      region.setAttribute("tabindex", "0");
      region.replaceChildren(fresh);
      made = enhance(fresh, { data: rows(), columns: columns(), ...layout("", 15, 1e9), createdRow: opens });
      count();
      stops();
    }

    function escaped(value) {
      return String(value).replace(/[&<>"']/g, (sign) => "&#" + sign.charCodeAt(0) + ";");
    }

    function columns() {
      const plain = (title, value) => ({ title: escaped(title), data: null, render: (_, kind, row) => (kind === "display" ? escaped(value(row)) : value(row)) });
      const found = [plain("example", (row) => dataset.ids[row])];
      if (dataset.aspects) found.push(plain("question", (row) => dataset.aspects[dataset.aspect[row]]));
      found.push(plain("gold", (row) => dataset.labels[dataset.gold[row]]));
      data.runs.forEach((name, run) => {
        const signs = { right: "✓", wrong: "✗", unparsed: "?", "no answer": "!" };
        found.push({
          title: escaped(name),
          data: null,
          render: (_, kind, row) => {
            const given = dataset.predicted[run][row];
            if (kind !== "display") return shown(given);
            const came = outcome(given, dataset.gold[row]);
            return '<span class="' + came.replace(" ", "-") + '">' + signs[came] + '<span class="hidden"> ' + came + ": </span> " + escaped(shown(given)) + "</span>";
          },
        });
      });
      return found;
    }

    function rows() {
      const gold = Number(by("gold").value || 0) - 1;
      const model = Number(by("model").value) - 1;
      const said = Number(by("predicted").value || 0) - 1;
      const wanted = by("outcome").selectedOptions[0].text;
      const chosen = model < 0 ? dataset.predicted : [dataset.predicted[model]];
      const found = [];
      for (let row = 0; row < dataset.ids.length; row++) {
        const right = dataset.gold[row];
        if (gold >= 0 && right !== gold) continue;
        if (said >= 0 && !chosen.some((one) => one[row] === said)) continue;
        if (wanted === "models disagree") {
          if (dataset.predicted.every((one) => one[row] === dataset.predicted[0][row])) continue;
        } else if (wanted === "all wrong") {
          if (dataset.predicted.some((one) => one[row] === right)) continue;
        } else if (wanted !== "any") {
          if (!chosen.some((one) => outcome(one[row], right) === wanted && (said < 0 || one[row] === said))) continue;
        }
        found.push(row);
      }
      return found;
    }

    function show() {
      made.clear().rows.add(rows()).draw();
      count();
    }

    function count() {
      by("count").textContent = made.rows().count().toLocaleString("en") + " of " + dataset.ids.length.toLocaleString("en") + " examples of " + dataset.name;
    }

    // A row whose texts are there gets a button that shows them below it.
    function opens(element, row) {
      const texts = dataset.texts && dataset.texts[row];
      if (!texts) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = dataset.ids[row];
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => {
        const line = made.row(element);
        const open = line.child.isShown();
        if (open) line.child.hide();
        else line.child(sheet(texts)).show();
        button.setAttribute("aria-expanded", String(!open));
      });
      element.cells[0].replaceChildren(button);
    }

    function sheet([post, reference, answers]) {
      const box = document.createElement("div");
      box.className = "sheet";
      const parts = [["Post", post], ["Reference", reference], ...data.runs.map((name, run) => [name, answers[run]])];
      for (const [title, words] of parts) {
        if (!words) continue;
        const head = document.createElement("h3");
        const body = document.createElement("p");
        head.textContent = title;
        body.textContent = words;
        box.append(head, body);
      }
      return box;
    }
  }
})

/* Two or three entries side by side. What is chosen stands in the address: #a=ID&b=ID&c=ID. */
"use strict";
(() => {
  const holder = document.getElementById("board-data");
  if (!holder) return;
  const { rows, entries } = JSON.parse(holder.textContent);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const keys = ["a", "b", "c"];
  const selects = keys.map((key) => document.getElementById(`choice-${key}`));
  const head = document.getElementById("compare-head");
  const body = document.getElementById("compare-body");
  const said = document.getElementById("said");

  // Names are set as text, never as markup.
  const element = (tag, text = "", attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const shown = (number) => number.toFixed(1).replace(/^-0\.0$/, "0.0").replace("-", "−");
  const signed = (number) => {
    const text = shown(Math.abs(number));
    return text === "0.0" ? text : (number < 0 ? "−" : "+") + text;
  };

  for (const [index, select] of selects.entries()) {
    if (index === 2) select.append(element("option", "none", { value: "" }));
    for (const entry of entries) {
      const text = entry.by ? `${entry.name} (${entry.by})` : entry.name;
      select.append(element("option", text, { value: entry.id }));
    }
    select.addEventListener("change", () => {
      const chosen = new URLSearchParams();
      keys.forEach((key, i) => selects[i].value && chosen.set(key, selects[i].value));
      window.location.replace(`#${chosen}`);
    });
  }

  const valueCell = (score) => {
    const cell = element("td", score ? `${shown(score[0])} ` : "–", { class: "num" });
    if (score) {
      cell.append(element("span", `${shown(score[1])}–${shown(score[2])}`, { class: "bounds" }));
    }
    return cell;
  };
  const differenceCell = (score, first) => {
    if (!score || !first) return element("td", "–", { class: "num" });
    const apart = score[1] > first[2] || score[2] < first[1];
    const cell = element("td", signed(score[0] - first[0]), { class: "num" });
    if (apart) cell.append(" ", element("span", "apart", { class: "mark" }));
    return cell;
  };

  const show = () => {
    const asked = new URLSearchParams(window.location.hash.slice(1));
    const unknown = keys.map((key) => asked.get(key)).filter((id) => id && !byId.has(id));
    const known = (key) => byId.get(asked.get(key));
    const a = known("a") || entries.find((entry) => entry !== known("b"));
    const b = known("b") || entries.find((entry) => entry !== a);
    const chosen = [a, b, known("c")];
    chosen.forEach((entry, index) => (selects[index].value = entry ? entry.id : ""));
    const present = chosen.filter(Boolean);

    const top = element("tr");
    top.append(element("th", "Dataset", { scope: "col" }));
    present.forEach((entry, index) => {
      const name = element("th", `${keys[index].toUpperCase()}: `, { scope: "col", class: "num" });
      name.append(element("a", entry.name, { href: `models/${entry.id}.html` }));
      for (const mark of entry.marks) name.append(" ", element("span", mark, { class: "mark" }));
      top.append(name);
      if (index) {
        const letter = keys[index].toUpperCase();
        top.append(element("th", `${letter} − A`, { scope: "col", class: "num" }));
      }
    });
    head.replaceChildren(top);
    body.replaceChildren(
      ...rows.map((row, position) => {
        const line = element("tr", "", position ? {} : { class: "total" });
        line.append(element("th", row, { scope: "row" }));
        present.forEach((entry, index) => {
          line.append(valueCell(entry.scores[position]));
          if (index) line.append(differenceCell(entry.scores[position], a.scores[position]));
        });
        return line;
      }),
    );
    const missing = unknown.length ? ` Not among the current entries: ${unknown.join(", ")}.` : "";
    said.textContent = `${present.map((entry) => entry.name).join(" beside ")}.${missing}`;
  };

  document.getElementById("without-script").hidden = true;
  document.getElementById("comparing").hidden = false;
  window.addEventListener("hashchange", show);
  show();
})();

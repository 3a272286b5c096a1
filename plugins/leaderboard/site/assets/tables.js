/* Tables become sortable and searchable. Without this script they are plain tables. */
"use strict";
(() => {
  const MANY = 8; // rows from which on a table has a search field
  const PAGE = 50;

  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = table.tBodies[0].rows.length;
    if (rows < 2) continue;
    const caption = table.caption.textContent;
    const before = table.parentElement;
    // The table alone scrolls, not what stands above it.
    before.className = "enhanced";
    for (const name of ["role", "aria-labelledby", "tabindex"]) before.removeAttribute(name);

    new DataTable(table, {
      autoWidth: false,
      order: [],
      paging: rows > PAGE,
      pageLength: PAGE,
      lengthMenu: [PAGE, 100, { label: "all", value: -1 }],
      searching: rows >= MANY,
      info: rows >= MANY,
      language: {
        search: "Filter",
        lengthMenu: "Rows a page _MENU_",
        info: "_START_ to _END_ of _TOTAL_",
        infoEmpty: "nothing found",
        infoFiltered: "(of _MAX_)",
        zeroRecords: "Nothing found",
      },
      columnDefs: [
        { targets: ".desc", orderSequence: ["desc", "asc"] },
        { targets: ":not(.desc)", orderSequence: ["asc", "desc"] },
        { targets: ".plot-column", orderable: false, searchable: false },
      ],
    });

    const around = table.parentElement;
    around.classList.add("scroll");
    around.tabIndex = 0;
    around.setAttribute("role", "region");
    around.setAttribute("aria-label", caption);
    const pages = before.querySelector(".dt-paging nav");
    if (pages) pages.setAttribute("aria-label", `Pages of: ${caption}`);
  }
})();

/// The one script of a page: heads of tables sort them. Everything is readable without it.
enum PageScript {
    /// JavaScript without `<` and `&`.
    static let text = """
        "use strict";
        for (const table of document.querySelectorAll("table.sortable")) {
          const body = table.tBodies[0];
          Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
            const button = document.createElement("button");
            button.type = "button";
            button.append(...head.childNodes);
            head.append(button);
            button.addEventListener("click", () => {
              const down = head.getAttribute("aria-sort") === "ascending";
              for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
              head.setAttribute("aria-sort", down ? "descending" : "ascending");
              const key = (row) => row.cells[column].dataset.v;
              const text = (row) => row.cells[column].textContent;
              const number = head.classList.contains("n");
              const rows = Array.from(body.rows).sort((one, two) => {
                if (!number) return text(one).localeCompare(text(two));
                if (key(one) === undefined) return 1;
                return key(two) === undefined ? -1 : key(one) - key(two);
              });
              if (down) rows.reverse();
              body.append(...rows);
            });
          });
        }
        """
}

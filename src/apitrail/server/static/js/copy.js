// Copy a link (absolute, and with the entry that is open) or a body's raw text.
async function copy(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  // Pages that are served over plain HTTP have no clipboard of the newer kind.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "vh";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

// A row that is not open has no button of its own: its link is copied all the same, and said where news are.
document.addEventListener("apitrail:copy", async ({ detail }) => {
  await copy(new URL(detail.url, location.href).href);
  const said = document.createElement("p");
  said.className = "new";
  said.textContent = document.querySelector("[data-copied]").dataset.copied;
  document.getElementById("announce").replaceChildren(said);
  setTimeout(() => said.remove(), 1500);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy], [data-copy-text]");
  if (!button) return;
  if (button.matches("a")) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault(); // without a script it leads to the text
  }
  if (button.dataset.copyText) {
    await copy(document.getElementById(button.dataset.copyText).textContent);
  } else {
    const link = new URL(button.dataset.copy, location.href);
    const open = new URL(location.href).searchParams.get("open");
    if (open && link.pathname === "/") link.searchParams.set("open", open);
    await copy(link.href);
  }
  const said = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = said; }, 1500);
});

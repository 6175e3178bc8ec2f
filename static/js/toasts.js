// A screen reader reads a status only when something is added to it, and these texts came with the page.
document.querySelectorAll(".toast [role=status]").forEach((status) => {
  setTimeout(() => status.replaceChildren(status.textContent), 100);
});

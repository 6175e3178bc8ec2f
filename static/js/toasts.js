// A screen reader reads a status only when its text changes, and the visible text came with the page.
document.querySelectorAll(".toast [role=status]").forEach((status) => {
  setTimeout(() => (status.textContent = status.previousElementSibling.textContent), 100);
});

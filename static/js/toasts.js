// A screen reader reads a status only when its text changes, and these texts came with the page.
document.querySelectorAll(".toast [role=status]").forEach((status) => {
  const text = status.textContent;
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 100);
});

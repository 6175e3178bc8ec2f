// Links that open or close a dialog. Without JavaScript they lead to a page with the same question, and back.
document.addEventListener("click", (event) => {
  // A menu closes before the dialog opens, so that the focus returns to the menu's button afterwards.
  event.target.closest("[popover] [command=show-modal]")?.closest("[popover]").hidePopover();

  const link = event.target.closest("[data-open-dialog], [data-close-dialog]");
  const dialog = link?.dataset.openDialog ? document.getElementById(link.dataset.openDialog) : link?.closest("dialog");
  if (!dialog) return;
  event.preventDefault();
  if (link.dataset.openDialog) dialog.showModal();
  else dialog.close();
});

// The list of jobs tells the server which rows it has, and asks nothing while nobody sees it.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "jobs-list") return;
  if (document.hidden) event.preventDefault();
  event.detail.headers["X-Rows"] = [...event.target.children].map((row) => row.dataset.key).join();
});

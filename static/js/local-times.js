// The server writes times in UTC; they are shown in the reader's time zone and format.
const showTimes = (root) => {
  root.querySelectorAll("time[datetime][data-local]").forEach((element) => {
    const options = element.dataset.local === "date" ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
    element.textContent = new Intl.DateTimeFormat(undefined, options).format(new Date(element.dateTime));
    element.removeAttribute("data-local");
  });
};
showTimes(document);
// "load" comes when the new content was painted already, and a line that then breaks elsewhere moves what is below it.
for (const name of ["htmx:afterSwap", "htmx:load"]) {
  document.addEventListener(name, (event) => showTimes(event.detail.elt));
}

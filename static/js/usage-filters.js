// The filters of usage: addresses without empty values, and a sign that the figures are being fetched.
document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (!target.matches("[data-short-address]")) return;
  for (const [name, value] of [...detail.formData.entries()]) if (!value) detail.formData.delete(name);
});
document.addEventListener("formdata", ({ target, formData }) => {
  if (!target.matches("[data-short-address]")) return;
  for (const [name, value] of [...formData.entries()]) if (!value) formData.delete(name);
});

// A screen reader reads a status only when something is added to it, and these texts come with their element.
const announce = (status) => setTimeout(() => status.replaceChildren(status.textContent), 100);

// Shows the message of a template, in place of the last one of the same.
export function showToast(template) {
  const toasts = document.querySelector(".toasts");
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.of = template.id;
  toasts.querySelector(`[data-of="${template.id}"]`)?.remove();
  toasts.append(toast);
  announce(toast.querySelector("[role=status]"));
}

document.querySelectorAll(".toast [role=status]").forEach(announce);

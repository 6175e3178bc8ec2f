// Fields in which somebody types: a key or a paste there is theirs. Everything else with a keyboard isn't one.
const OTHER_TYPES = ["range", "radio", "checkbox", "file", "color", "button", "submit", "reset", "image"];
const TEXT_FIELDS = `input:not(${OTHER_TYPES.map((type) => `[type=${type}]`).join()}), textarea, select, [contenteditable]`;

export const isTextField = (target) => target instanceof Element && Boolean(target.closest(TEXT_FIELDS));

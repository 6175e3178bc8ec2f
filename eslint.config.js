const js = require("@eslint/js");
const globals = require("globals");

const rules = {
  curly: ["error", "multi-line"],
  eqeqeq: "error",
  "no-unused-vars": "error",
  "no-var": "error",
  "prefer-const": "error",
};

module.exports = [
  { ...js.configs.recommended, rules: { ...js.configs.recommended.rules, ...rules } },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["static/js/**/*.js"], languageOptions: { sourceType: "module", globals: globals.browser } },
  // Runs before the first paint, which no module does.
  { files: ["static/js/theme.js"], languageOptions: { sourceType: "script", globals: globals.browser } },
  { files: [".ci/*.mjs"], languageOptions: { globals: globals.node } },
  { files: ["eslint.config.js"], languageOptions: { sourceType: "commonjs", globals: globals.node } },
];

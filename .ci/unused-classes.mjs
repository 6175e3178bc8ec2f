// unused-classes [FOLDER]: lists the classes and custom properties of FOLDER/static/css that nothing uses, and fails
// if there are any. Templates, scripts and Python code use the classes that they put on elements; a script that only
// looks for a class doesn't use it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PurgeCSS } from "purgecss";

const root = process.argv[2] ?? ".";
// htmx and the comparison slider put these classes on elements themselves, and the slider and Bootstrap read these
// properties.
const SET_BY_PACKAGES = [/^htmx-/, "rendered"];
const READ_BY_PACKAGES = /^--(divider|default-handle)-/;

// The values of class attributes in HTML, with the tags of Django's templates in them.
const CLASS_ATTRIBUTE = /\bclass=\\?"((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)"/gs;
// {% block page_class %}bench{% endblock %}: the attribute is in the parent template.
const CLASS_BLOCK = /\{% block \w*class %\}(.*?)\{% endblock/gs;
const TAG = /\{%.*?%\}/gs;
const VALUE = /\{\{.*?\}\}/gs;
const HOLE = "\0";

const find = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({ name: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") }));
const take = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);
const split = (text) => text.split(/\s+/).filter(Boolean);
const splitLiterals = (code) => take(code, /["'`]([^"'`]*)["'`]/g).flatMap(split);

const takeFromTemplate = (html) =>
  [...take(html, CLASS_ATTRIBUTE), ...take(html, CLASS_BLOCK)].flatMap((value) =>
    split(value.replace(TAG, " ").replace(VALUE, HOLE)),
  );

const takeFromScript = (code) => [
  ...take(code, /\bclassList\s*\.\s*\w+\(([^;]*)/g).flatMap(splitLiterals),
  ...take(code, /\bclassName\s*(?:\+?=|:)([^;]*)/g).flatMap(splitLiterals),
  ...take(code, /\bsetAttribute\("class",([^;]*)/g).flatMap(splitLiterals),
  ...take(code, CLASS_ATTRIBUTE).flatMap(split),
];

// Widgets get their classes from dictionaries and functions: where Python sets a class, any string may be one.
const takeFromPython = (code) => [
  ...take(code, CLASS_ATTRIBUTE).flatMap(split),
  ...(code.includes('"class"') ? splitLiterals(code.replace(/"""[^]*?"""/g, "")) : []),
];

const templates = find("templates", ".html");
const scripts = find("static/js", ".js");
const styles = find("static/css", ".css").map(({ name, text }) => ({ name, text: text.replace(/\/\*[^]*?\*\//g, "") }));
const modules = find("vanceweb", ".py");

const tokens = [
  ...templates.flatMap(({ text }) => takeFromTemplate(text)),
  ...scripts.flatMap(({ text }) => takeFromScript(text)),
  ...modules.flatMap(({ text }) => takeFromPython(text)),
];
// `control-{{ kind }}` may become any class that begins with `control-`. A hole alone could be anything: it is nothing.
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const open = tokens.filter((token) => token.includes(HOLE) && token !== HOLE);
const patterns = open.map((token) => new RegExp(`^${token.split(HOLE).map(escape).join("[\\w-]+")}$`));

async function findUnusedClasses() {
  // Only classes are in question: whatever else is in a selector counts as used.
  const words = styles.flatMap(({ text }) => text.match(/[\w-]+/g) ?? []);
  const used = { classes: tokens, ids: words, tags: words, attributes: { names: words, values: words }, undetermined: [] };
  const results = await new PurgeCSS().purge({
    content: [{ raw: "", extension: "used" }],
    extractors: [{ extensions: ["used"], extractor: () => used }],
    css: styles.map(({ name, text }) => ({ name, raw: text })),
    safelist: [...SET_BY_PACKAGES, ...patterns],
    rejected: true,
  });
  // A selector without any name, such as `&:hover`, is rejected too.
  return results.flatMap(({ file, rejected }) =>
    rejected.filter((selector) => selector.includes(".")).map((selector) => `${file}: ${selector.trim()}`),
  );
}

// PurgeCSS doesn't see the properties in rules whose selector has no name, nor those that scripts read.
function findUnusedProperties() {
  const defined = styles.flatMap(({ name, text }) =>
    take(text, /(?:^|[;{\s])(--[\w-]+)\s*:/g).map((property) => ({ name, property })),
  );
  const used = new Set([
    ...styles.flatMap(({ text }) => take(text, /var\(\s*(--[\w-]+)/g)),
    ...[...templates, ...scripts, ...modules].flatMap(({ text }) => text.match(/--[\w-]+/g) ?? []),
  ]);
  const unused = defined
    .filter(({ property }) => !used.has(property) && !READ_BY_PACKAGES.test(property))
    .map(({ name, property }) => `${name}: ${property}`);
  return [...new Set(unused)];
}

const unused = [...(await findUnusedClasses()), ...findUnusedProperties()];
for (const line of unused) console.error(`unused: ${line}`);
process.exitCode = unused.length ? 1 : 0;

// The module that every page inside the site loads.
import "./theme-switch.js";
import "./shortcuts.js";
import "./dialogs.js";
import "./toasts.js";
import "./forms.js";
import "./signed-out.js";
import "./local-times.js";

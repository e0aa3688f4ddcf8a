// What makes the page quicker to use. All of it works without, by plain links and forms.
import "./time.js";
import "./list.js";
import "./rows.js";
import "./filters.js";
import "./live.js";
import "./histogram.js";
import "./find.js";
import "./table.js";
import "./keys.js";
import "./bodies.js";
import "./pieces.js";
import "./views.js";
import "./copy.js";
import "./downloads.js";
import "./print.js";

document.documentElement.classList.add("scripted");

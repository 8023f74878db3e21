// The keyboard: one table of keys. An editor's habits first: L plays forward, so locking is Shift and L.

const SWITCH = "reinterpret-studio-single-keys";
const box = document.getElementById("single-keys");

try {
  box.checked = localStorage.getItem(SWITCH) !== "off";
} catch {
  // A browser that keeps nothing: the keys are on.
}
box.addEventListener("change", () => {
  try {
    localStorage.setItem(SWITCH, box.checked ? "on" : "off");
  } catch {
    // It holds until the page is closed.
  }
});

// Keys that a focused control wants for itself.
function belongsTo(target, event) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[type=search], select, textarea")) return event.key !== "Escape";
  if (target.matches("input[type=range]")) return /^(Arrow|Home|End|Page)/.test(event.key);
  if (target.matches("button, a, summary, input[type=checkbox]")) return event.key === "Enter" || event.key === " ";
  return false;
}

// As it is written in the table: Shift is said where the key alone does not say it already.
function nameOf(event) {
  const key = event.key === " " ? "Space" : event.key;
  const said = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  const name = key.length === 1 ? key.toLowerCase() : key;
  return event.shiftKey && !said ? `Shift+${name}` : name;
}

const ALWAYS = /^(Shift\+)?(Arrow|Home|End|Page|Enter|Escape|Space)/;

export function listen(table) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey) {
      const undoing = { z: event.shiftKey ? "Shift+z" : "z", y: "Shift+z" }[event.key.toLowerCase()];
      if (undoing && !event.target.matches?.("input[type=search]")) {
        event.preventDefault();
        table[undoing](event);
      }
      return;
    }
    if (belongsTo(event.target, event)) return;
    const name = nameOf(event);
    const act = Object.hasOwn(table, name) ? table[name] : null;
    if (!act || (!box.checked && !ALWAYS.test(name))) return;
    event.preventDefault();
    act(event);
  });
}

// What this browser keeps for its next page. One that is told to keep nothing throws at the very question, and a module
// that fails takes the others with it: then the page goes without.
export function kept(name, where = "localStorage") {
  try {
    return window[where].getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value, where = "localStorage") {
  try {
    window[where].setItem(name, value);
  } catch {
    // Nothing is kept.
  }
}

// Loaded before the first paint, so that a chosen theme does not flash the other one.
try {
  const chosen = localStorage.getItem("headrace.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage can be forbidden; the system's theme is then the only one.
}

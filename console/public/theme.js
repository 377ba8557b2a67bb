// Runs before the first paint: whoever chose a theme never sees the other one flash.
try {
  const theme = localStorage.getItem('ballast.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to us: the system's theme holds.
}

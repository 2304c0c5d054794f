// theme.js applies the choice before the first paint; this changes it.

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export function chosenTheme(): Theme {
  const kept = localStorage.getItem("theme");
  return themes.find((theme) => theme === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem("theme");
    delete document.documentElement.dataset.theme;
    return;
  }
  localStorage.setItem("theme", theme);
  document.documentElement.dataset.theme = theme;
}

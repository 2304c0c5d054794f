// Where things are on the page, as a person would name them.

export const locked = (page) =>
  page.getByRole("heading", { name: "This page is not open yet" });
export const radio = (page, name) => page.getByRole("radio", { name });
export const shown = (locator) => locator.waitFor({ state: "visible" });
export const hidden = (locator) => locator.waitFor({ state: "hidden" });
export const text = (page, words) => page.getByText(words).first();

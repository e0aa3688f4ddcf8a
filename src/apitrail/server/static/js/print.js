// What is folded away on the screen is unfolded on paper, and folded again after.
let opened = [];

addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll(".panel details:not([open]):not(.menu)")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
  opened = [];
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// A slider and the number beside it show the same; without this script the one that was changed counts.
document.addEventListener("input", (event) => {
  const partner = document.getElementById(event.target.dataset.same ?? "");
  if (partner) partner.value = event.target.value;
});

// The code of a link stands behind the "#", which browsers do not send: here it goes into the form.
(() => {
  "use strict";
  const field = document.getElementById("secret");
  if (!field || location.hash.length < 2) return;
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
})();

// "ใช้ตำแหน่งของฉัน": puts the device's place into the form's hidden fields. The form works without it.
(() => {
  "use strict";
  const pin = document.getElementById("pin");
  const find = document.getElementById("pin-find");
  const drop = document.getElementById("pin-drop");
  const status = document.getElementById("pin-status");
  if (!pin) return;
  const { latitude, longitude } = find.form.elements;

  function say(words, tone) {
    status.textContent = words;
    status.className = tone ? `status-line status-line--${tone}` : "status-line";
    drop.hidden = !latitude.value;
  }

  find.hidden = !navigator.geolocation;
  drop.hidden = !latitude.value;

  find.addEventListener("click", () => {
    say(pin.dataset.locating, "");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        latitude.value = coords.latitude.toFixed(6);
        longitude.value = coords.longitude.toFixed(6);
        say(pin.dataset.found, "done");
      },
      () => say(pin.dataset.failed, "error"),
      { enableHighAccuracy: true, timeout: 15000 },
    );
  });

  drop.addEventListener("click", () => {
    latitude.value = longitude.value = "";
    say(pin.dataset.dropped, "");
  });
})();

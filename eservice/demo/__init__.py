"""The demo office อบต.ตัวอย่าง: invented, marked as such, and full of real questions."""

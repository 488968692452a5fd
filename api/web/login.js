// The form works without this: here a second press of the button is kept from sending twice.
'use strict';
const form = document.querySelector('form');
const button = form.querySelector('button');
form.addEventListener('submit', () => { button.disabled = true; });
window.addEventListener('pageshow', () => { button.disabled = false; });

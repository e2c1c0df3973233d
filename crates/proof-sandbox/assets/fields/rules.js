// The rules of the three fields, without any page: what a number, an expiry and a code look like,
// how they are written, and when they are whole. The server checks again when it makes the token.

/** @typedef {"number" | "expiry" | "cvc"} Field */
/** @typedef {{ text: string, complete: boolean, error?: string, brand?: string }} Reading */

const NUMBER_LENGTH_MAX = 19;

/** @param {string} text */
export const digitsOf = (text) => text.replace(/\D/g, "");

/** @param {string} digits */
export function brandOf(digits) {
  if (/^4/.test(digits)) return "visa";
  if (/^(5[1-5]|2[2-7])/.test(digits)) return "mastercard";
  if (/^3[47]/.test(digits)) return "amex";
  return undefined;
}

/** @param {string} digits */
export function passesLuhn(digits) {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    let digit = Number(digits[digits.length - 1 - index]);
    if (index % 2 === 1) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** @param {string} digits */
function grouped(digits) {
  if (brandOf(digits) === "amex") {
    return [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10, 15)].filter(Boolean).join(" ");
  }
  return digits.replace(/(.{4})(?=.)/g, "$1 ");
}

/** @param {string} raw @returns {Reading} */
function readNumber(raw) {
  const all = digitsOf(raw);
  const brand = brandOf(all);
  const length = brand === "amex" ? 15 : brand ? 16 : NUMBER_LENGTH_MAX;
  const digits = all.slice(0, length);
  const whole = brand ? digits.length === length : digits.length >= 12;
  const complete = whole && passesLuhn(digits);
  /** @type {Reading} */
  const reading = { text: grouped(digits), complete };
  if (whole && !complete && (brand || digits.length === length)) reading.error = "invalid_number";
  if (brand) reading.brand = brand;
  return reading;
}

/** @param {string} raw @param {Date} now @returns {Reading} */
function readExpiry(raw, now) {
  let digits = digitsOf(raw).slice(0, 4);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`.slice(0, 4);
  const text = digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2)}` : digits;
  if (digits.length >= 2 && !/^(0[1-9]|1[0-2])/.test(digits)) {
    return { text, complete: false, error: "invalid_expiry" };
  }
  if (digits.length < 4) return { text, complete: false };
  const month = Number(digits.slice(0, 2));
  const year = 2000 + Number(digits.slice(2));
  const past = year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1);
  return past ? { text, complete: false, error: "expired_card" } : { text, complete: true };
}

/** @param {string} raw @returns {Reading} */
function readCvc(raw) {
  const text = digitsOf(raw).slice(0, 4);
  return { text, complete: text.length >= 3 };
}

/** @param {Field} field @param {string} raw @param {Date} now @returns {Reading} */
export function read(field, raw, now) {
  if (field === "number") return readNumber(raw);
  if (field === "expiry") return readExpiry(raw, now);
  return readCvc(raw);
}

/** What a field is told when it is left before it is whole. @param {Field} field */
export const unfinished = (field) =>
  ({ number: "incomplete_number", expiry: "incomplete_expiry", cvc: "incomplete_cvc" })[field];

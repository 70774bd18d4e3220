// Real-looking people of twenty languages, the same for the same seed.
import { allFakers } from "@faker-js/faker";

const LOCALES = [
  "en", "de", "fr", "es", "it", "nl", "pt_BR", "pl", "cs_CZ", "sv",
  "da", "fi", "tr", "ru", "uk", "el", "ja", "ko", "zh_CN", "ar",
];

export function people(count, seed) {
  for (const [i, locale] of LOCALES.entries()) allFakers[locale].seed(seed + i);
  return Array.from({ length: count }, (_, i) => {
    const locale = LOCALES[i % LOCALES.length];
    const faker = allFakers[locale];
    const local = faker.internet
      .username({ firstName: allFakers.en.person.firstName(), lastName: allFakers.en.person.lastName() })
      .replace(/[^A-Za-z0-9._-]/g, "")
      .replace(/^\.+|\.+$/g, "");
    return {
      email: `${local}.${i}@example.org`,
      display_name: faker.person.fullName(),
      locale: locale.replace("_", "-"),
    };
  });
}

// A generator of numbers in [0, 1), the same for the same seed (mulberry32's
// recurrence).
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

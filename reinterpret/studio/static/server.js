// The only door to the server: what it says comes out, or an error with one sentence.

export class Refusal extends Error {
  constructor(sentence, status, details = {}) {
    super(sentence);
    this.status = status;
    this.details = details;
  }
}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refusal("the studio does not answer any more; start it again, what was saved is there", 0);
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Refusal(said.error ?? `the studio answered with ${response.status}`, response.status, said);
}

export async function json(path) {
  return (await answered(fetch(path, { cache: "no-store" }))).json();
}

export async function html(path, signal) {
  return (await answered(fetch(path, { cache: "no-store", signal }))).text();
}

export async function post(path, values) {
  const request = fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
    priority: "high",
  });
  return (await answered(request)).json();
}

let media = "";

export function setMedia(base) {
  media = base;
}

export const still = (film, place, height = 144) => `${media}/still/${film}/${place}/${height}.jpg`;
export const moving = (film, first, end, height) => `${media}/moving/${film}/${first}-${end}/${height}.mp4`;
export const whole = (revision) => `/preview/${media.split("/").pop()}/${revision}.mp4`;

// Hours, minutes and seconds, as the server writes them.
export function clock(seconds) {
  const hundredths = Math.max(0, Math.round(seconds * 100));
  const minutes = Math.floor(hundredths / 6000);
  const rest = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

// Requests to the server of this page.

/** What the server refused: its code, what, fix, and each problem if there are several. */
export class Refused extends Error {
  constructor({ code, what, fix, problems }) {
    super(what);
    this.code = code;
    this.fix = fix;
    this.problems = problems ?? [];
  }
}

/** The server's answer: to a question, or to what is sent. */
export async function ask(address, sent) {
  const headers = { "content-type": "application/json" };
  const request = sent === undefined ? {} : { method: "POST", headers, body: JSON.stringify(sent) };
  let response;
  try {
    response = await fetch(address, request);
  } catch {
    throw new Refused({ what: "The form's server has ended.", fix: "Start `headrace design form` again; copy the file from this page to keep it." });
  }
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer.error);
  return answer;
}

/**
 * A page that is waited for as long as a busy machine needs: with WebGPU in software beside other work, half a minute, which is what
 * Playwright waits, is not always enough.
 */
export async function patientPage(browser, options) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(300_000);
  return page;
}

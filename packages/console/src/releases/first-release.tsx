/** What to do where nothing was ever shipped. */
export function FirstRelease() {
  return (
    <section class="first" aria-labelledby="first-title">
      <h2 id="first-title">How to ship the first one</h2>
      <ol>
        <li>
          Say in <code>sankofa.config.ts</code> how your service is started, such as{' '}
          <code>release: {"{ start: ['node', 'server.ts'] }"}</code>.
        </li>
        <li>
          Run <code>npx sankofa host</code> on the machine where it shall run.
        </li>
        <li>
          In the folder of your service run <code>npx sankofa ship</code>. It takes what you committed, installs, tests
          and builds it, starts it, and looks whether it answers.
        </li>
        <li>
          Everybody gets the first release at once: there is nothing yet to compare it with. Each one after it goes to a
          few customers first, and comes back by itself if it hurts them.
        </li>
      </ol>
      <p class="quiet">What runs where, and every ship with its steps, is shown here as it happens.</p>
    </section>
  )
}

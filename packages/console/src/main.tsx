import { render } from 'preact'
import { App } from './app.tsx'
import { enter, startTicking } from './live.ts'
import { mendLanguage } from './load-plot.ts'
import { followAddress } from './route.ts'
import 'uplot/dist/uPlot.min.css'
import './base.css'
import './screen.css'
import './changes.css'

const root = document.getElementById('app')
if (root !== null) {
  root.replaceChildren()
  mendLanguage()
  followAddress()
  render(<App />, root)
  startTicking()
  void enter()
}

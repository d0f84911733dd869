import { useEffect, useRef } from 'preact/hooks'

/** The heading takes the focus when a page is opened, so that the keyboard and a reader begin there. */
export function useFocus(name: string) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${name} · Sankofa`
    title.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
    return () => {
      document.title = 'Sankofa'
    }
  }, [name])
  return title
}

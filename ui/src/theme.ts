import { createTheme, type MantineColorsTuple } from '@mantine/core'

const iris: MantineColorsTuple = ['#eef1fd', '#dbe1f9', '#b6c2f2', '#8fa1ea', '#6d84e2', '#566fdc', '#4a63d2', '#3a50b5', '#31439a', '#27377f']

const dark: MantineColorsTuple = ['#e6e9f0', '#c3c9d5', '#aab2c2', '#7d8696', '#3b4352', '#2f3643', '#1f242e', '#181c24', '#141820', '#11141a']

/** Calm and dense: one accent, system font, 4 px steps. Colours of meaning are CSS variables in theme.css. */
export const theme = createTheme({
  colors: { iris, dark },
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 6 },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '18px' }, h2: { fontSize: '15px' }, h3: { fontSize: '13px' } } },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
})

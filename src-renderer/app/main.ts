/** The page's entry: connects to the host and mounts the shell. */
import { mount } from 'svelte';
import { RunList } from '../stores/run-list.svelte.ts';
import { connect } from '../transport/transport.ts';
import App from './App.svelte';
import './app.css';

mount(App, { target: document.body, props: { runList: new RunList(connect(window.studioHost)) } });

#!/bin/sh
# A CGI script: hands its request to session-fcgi, which runs already, and the answer to the web server. cgi-fcgi
# takes it all from the environment and standard input; see cgi-fcgi.conf.
exec cgi-fcgi -bind -connect /run/session-fcgi/session-fcgi.sock

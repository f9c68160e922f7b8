@rem The scripts of package.json begin with "exec", which sh knows and cmd does not.
@%*

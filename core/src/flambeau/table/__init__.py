"""The op table: from one definition to one fast function, and the slow paths behind it."""

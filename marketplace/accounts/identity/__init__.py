"""Who somebody is for the company's directory: its tokens, what its groups give here, people who come and who leave."""

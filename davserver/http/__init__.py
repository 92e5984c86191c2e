"""What the drive and the pages both know of HTTP: who asks, in which language, bytes in and out."""

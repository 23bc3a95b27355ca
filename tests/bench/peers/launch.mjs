/** A SMART launch endpoint as the documents of npm `fhirclient` show one: express, a session, authorize. */
import express from "express";
import session from "express-session";
import smart from "fhirclient";

const port = Number(process.argv[2]);
const app = express();
app.use(session({ secret: "bench", resave: false, saveUninitialized: false }));
app.get("/launch", (request, response, next) => {
  smart(request, response)
    .authorize({
      clientId: "bench",
      redirectUri: "/app",
      scope: "launch openid fhirUser profile",
    })
    .catch(next);
});
app.listen(port, "127.0.0.1", () => console.log(`npm ready at http://localhost:${port}`));
process.stdin.on("end", () => process.exit()).resume();
